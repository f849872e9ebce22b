// SPDX-License-Identifier: BSD-2-Clause
#include "driver.h"

#include <stddef.h>
#include <string.h>

#include "umem.h"

enum { ANY_STEP = 1, KIB = 1024 };

/* docs/hardware.md has the same rows in words. */
static const struct driver drivers[] = {
    {"igb", KIB, false, false, "6.14", NULL, DRIVER_SEEN,
     "7.3 in QEMU; igb_main.c, igb_setup_srrctl"},
    {"igc", KIB, false, false, "5.14", NULL, DRIVER_READ, "igc_main.c, igc_configure_rx_ring"},
    {"ixgbe", KIB, false, false, "4.20", NULL, DRIVER_READ, "ixgbe_main.c, ixgbe_configure_srrctl"},
    {"i40e", 128, false, false, "4.20", NULL, DRIVER_READ, "i40e_main.c, i40e_configure_rx_ring"},
    {"ice", 128, false, false, "5.5", NULL, DRIVER_READ, "ice_base.c, ice_setup_rx_ctx"},
    {"mlx5_core", ANY_STEP, false, false, "5.3", NULL, DRIVER_READ, "en/params.c"},
    {"virtio_net", ANY_STEP, true, false, "6.13", "iommu_platform=on (VIRTIO_F_ACCESS_PLATFORM)",
     DRIVER_SEEN, "7.3 in QEMU; virtio_net.c, __virtnet_xdp_xmit_one"},
    {"fsl_dpaa2_eth", ANY_STEP, true, false, "6.2", NULL, DRIVER_READ,
     "dpaa2-eth.c, dpaa2_eth_xdp_create_fd"},
    {"vmxnet3", ANY_STEP, false, true, "", NULL, DRIVER_SEEN, "6.12 and 7.3 in QEMU"},
    {"e1000e", ANY_STEP, false, false, "", NULL, DRIVER_SEEN,
     "6.12 and 7.3 in QEMU: no native XDP"},
    {"veth", ANY_STEP, false, false, "", NULL, DRIVER_SEEN, "the lab"},
    {"tun", ANY_STEP, false, false, "", NULL, DRIVER_READ, "tun.c, tun_xdp"},
};

/* A step of 1,024 bytes costs a larger chunk where it wasn't needed, and no frame where it was. */
static const struct driver unknown = {"", KIB, false, false, NULL, NULL, DRIVER_READ, ""};

const struct driver *driver_of(const char *name)
{
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        if (strcmp(drivers[i].name, name) == 0)
            return &drivers[i];
    }
    return &unknown;
}

uint32_t driver_zerocopy_room(const struct driver *driver, uint32_t frame_size)
{
    uint32_t room = frame_size - UMEM_HEADROOM;

    return room - room % driver->room_step;
}
