"""The auto rules, one file each; `unattended.registry` finds them."""
