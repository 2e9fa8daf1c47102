"""The list as Terraform modules: what stands in them, and which version that is."""
