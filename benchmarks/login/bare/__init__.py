"""A bare DRF view behind this project's own token check: what `GET user/info` is compared with."""
