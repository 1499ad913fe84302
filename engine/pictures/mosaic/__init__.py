"""Many small matrices at a glance."""
