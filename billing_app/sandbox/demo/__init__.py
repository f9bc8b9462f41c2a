"""The demo: five businesses with believable data, and the stand-ins they use."""
