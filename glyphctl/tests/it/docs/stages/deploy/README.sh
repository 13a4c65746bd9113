need prometheus
