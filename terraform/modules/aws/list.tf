module "allow_list" {
  source = "../allow-list"

  accept_bundled      = var.accept_bundled
  widen               = var.widen
  shoreline           = var.shoreline
  additional_networks = var.additional_networks
  warn_after          = var.warn_after
}

locals {
  mark = "cloudsync-terraform/${var.name}"
}
