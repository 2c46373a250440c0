"""Recording rules, alerts with their tests, dashboards and an Alertmanager example: made from one source, exported."""
