// SPDX-License-Identifier: BSD-2-Clause
/* librdkafka's own cluster of brokers, as a process: prints where it listens, then obeys lines of
 * its standard input: down, up, and read N, which prints as many messages of the topic `events`,
 * "KEY VALUE" a line. Ends with its input. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BROKERS = 3, PARTITIONS = 4, READ_MS = 20000 };

static const char topic[] = "events";

static void say_nothing(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    (void)client;
    (void)level;
    (void)facility;
    (void)text;
}

static rd_kafka_t *client_new(rd_kafka_type_t type, const char *brokers)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[512];

    rd_kafka_conf_set_log_cb(conf, say_nothing);
    if (brokers)
        rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof(why));
    rd_kafka_conf_set(conf, "group.id", "reader", why, sizeof(why));
    rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof(why));
    if (!client) {
        fprintf(stderr, "kafka_cluster: %s\n", why);
        exit(1);
    }
    return client;
}

static void set_brokers(rd_kafka_mock_cluster_t *cluster, bool up)
{
    for (int32_t id = 1; id <= BROKERS; id++) {
        if (up)
            rd_kafka_mock_broker_set_up(cluster, id);
        else
            rd_kafka_mock_broker_set_down(cluster, id);
    }
}

static void read_messages(const char *brokers, unsigned long count)
{
    rd_kafka_t *reader = client_new(RD_KAFKA_CONSUMER, brokers);
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(PARTITIONS);

    for (int32_t i = 0; i < PARTITIONS; i++)
        rd_kafka_topic_partition_list_add(all, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(reader, all);
    rd_kafka_topic_partition_list_destroy(all);
    while (count > 0) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, READ_MS);

        if (!message)
            break;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            printf("%.*s %.*s\n", (int)message->key_len, (const char *)message->key,
                   (int)message->len, (const char *)message->payload);
            count--;
        }
        rd_kafka_message_destroy(message);
    }
    printf("\n");
    rd_kafka_destroy(reader);
}

int main(void)
{
    rd_kafka_t *owner = client_new(RD_KAFKA_PRODUCER, NULL);
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(owner, BROKERS);
    char line[64];

    rd_kafka_mock_topic_create(cluster, topic, PARTITIONS, BROKERS);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    while (fgets(line, sizeof(line), stdin)) {
        if (strncmp(line, "read ", 5) == 0)
            read_messages(rd_kafka_mock_cluster_bootstraps(cluster), strtoul(line + 5, NULL, 10));
        else
            set_brokers(cluster, strcmp(line, "up\n") == 0);
    }
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(owner);
    return 0;
}
