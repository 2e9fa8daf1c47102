module "mail" {
  source = "../.."

  name                        = "mail"
  resource_group_name         = "mail"
  network_security_group_name = "smtp"
  deny                        = "Internet" # everyone else from outside
  priorities                  = { ipv4 = 300, ipv6 = 301, probe = 310, deny = 4000 }
  accept_bundled              = "2009-09-18" # only where cloudsync didn't write the module
}
