"""The attack and look-alike harness: see ../README.md."""
