# The same list in three clouds. In a root of your own the sources name the published modules:
# source = "git::https://git.example/modules.git//modules/aws?ref=v1.0.0"
provider "aws" {
  region = "eu-west-1"
}

provider "azurerm" {
  subscription_id = "00000000-0000-0000-0000-000000000001"
  features {}
}

provider "google" {
  project = "mail-prod"
}

locals {
  accept_bundled = "2009-09-18" # only where cloudsync didn't write the modules
}

module "aws" {
  source = "../../modules/aws"

  name              = "mail"
  security_group_id = "sg-0123456789abcdef0"
  accept_bundled    = local.accept_bundled
}

module "azure" {
  source = "../../modules/azure"

  name                        = "mail"
  resource_group_name         = "mail"
  network_security_group_name = "smtp"
  accept_bundled              = local.accept_bundled
}

module "gcp" {
  source = "../../modules/gcp"

  name           = "mail"
  network        = "default"
  target_tags    = ["smtp"]
  accept_bundled = local.accept_bundled
}
