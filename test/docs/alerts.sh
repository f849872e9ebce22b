#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The alerts of docs/grafana are sound, and fire where test/docs/alerts_cases.yml says.
set -euo pipefail
cd "$(dirname "$0")/../.."

command -v promtool >/dev/null || { echo "there is no promtool: deps/install.sh check"; exit 77; }
promtool check rules docs/grafana/alerts.yml
promtool check config docs/grafana/prometheus.yml
promtool test rules test/docs/alerts_cases.yml
for alert in $(sed -n 's/.*- alert: //p' docs/grafana/alerts.yml); do
    grep -q "alertname: $alert$" test/docs/alerts_cases.yml || { echo "$alert is never tested"; exit 1; }
done
python3 -m json.tool docs/grafana/dashboard.json >/dev/null
