# Rules of the network, for the machines with a tag.
module "mail" {
  source = "../.."

  name           = "mail"
  network        = "default"
  target_tags    = ["smtp"]
  deny           = true
  accept_bundled = "2009-09-18" # only where cloudsync didn't write the module
}

# Or rules of a network firewall policy, for the machines of an account.
module "policy" {
  source = "../.."

  name                    = "mail-policy"
  firewall_policy         = "mail"
  target_service_accounts = ["smtp@mail-prod.iam.gserviceaccount.com"]
  accept_bundled          = "2009-09-18"
}
