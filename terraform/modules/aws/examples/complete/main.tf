variable "vpc_id" {
  description = "Where the mail servers are."
  type        = string
}

variable "shared_lists" {
  description = "The prefix lists that cloudsync keeps in another account and shares, by a name each."
  type        = map(string)
  default     = {}
}

# A new group, one rule a network.
module "rules" {
  source = "../.."

  name                  = "mail"
  create_security_group = true
  vpc_id                = var.vpc_id
  accept_bundled        = "2009-09-18" # only where cloudsync didn't write the module
}

# A list of the team's own, with room to grow, that other groups may refer to.
module "list" {
  source = "../.."

  name              = "mail-list"
  security_group_id = module.rules.security_group_id
  style             = "list"
  list_room         = 20
  ports             = [587]
  accept_bundled    = "2009-09-18"
}

# Nothing but a reference: the worker changes the list, and no plan ever shows it.
module "reference" {
  source = "../.."
  count  = length(var.shared_lists) > 0 ? 1 : 0

  name              = "mail-shared"
  security_group_id = module.rules.security_group_id
  style             = "reference"
  prefix_list_ids   = var.shared_lists
  ports             = [465]
  accept_bundled    = "2009-09-18"
}
