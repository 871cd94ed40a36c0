"""The policy-first header, enforced: the rules and the tool that applies them."""
