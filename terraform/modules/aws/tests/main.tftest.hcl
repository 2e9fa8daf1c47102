# Needs Terraform 1.7 or OpenTofu 1.8: no account is called.

mock_provider "aws" {}

override_module {
  target = module.allow_list
  outputs = {
    ipv4    = ["192.0.2.1/32", "198.51.100.0/24"]
    ipv6    = ["2001:db8::/32"]
    version = "1.0.0"
    digest  = "sha256:0"
  }
}

variables {
  name              = "mail"
  security_group_id = "sg-0123456789abcdef0"
}

run "rules" {
  command = plan

  assert {
    condition     = toset(keys(aws_vpc_security_group_ingress_rule.network)) == toset(["192.0.2.1/32 25", "198.51.100.0/24 25", "2001:db8::/32 25"])
    error_message = "It isn't one rule a network."
  }

  assert {
    condition = alltrue([
      for one in aws_vpc_security_group_ingress_rule.network :
      one.from_port == 25 && one.to_port == 25 && one.ip_protocol == "tcp" && one.description == "cloudsync-terraform/mail"
    ])
    error_message = "A rule isn't for port 25 alone, or lacks the mark."
  }

  assert {
    condition     = length(aws_security_group.this) == 0 && length(aws_ec2_managed_prefix_list.family) == 0
    error_message = "More is made than the group's rules."
  }
}

run "lists" {
  command = plan

  variables {
    style     = "list"
    list_room = 10
  }

  assert {
    condition     = aws_ec2_managed_prefix_list.family["IPv4"].max_entries == 10 && length(aws_ec2_managed_prefix_list.family["IPv4"].entry) == 2
    error_message = "The IPv4 list holds something else."
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.list) == 2 && length(aws_vpc_security_group_ingress_rule.network) == 0
    error_message = "It isn't one rule a list."
  }
}

run "reference" {
  command = plan

  variables {
    style           = "reference"
    prefix_list_ids = { mail = "pl-0123456789abcdef0" }
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.reference["mail 25"].prefix_list_id == "pl-0123456789abcdef0"
    error_message = "The rule names another list."
  }
}

run "new_group" {
  command = plan

  variables {
    security_group_id     = null
    create_security_group = true
    vpc_id                = "vpc-0123456789abcdef0"
    ports                 = [25, 587]
  }

  assert {
    condition     = length(aws_security_group.this) == 1 && length(aws_vpc_security_group_ingress_rule.network) == 6
    error_message = "A new group with a rule a network and port was asked for."
  }
}

run "no_group" {
  command = plan

  variables {
    security_group_id = null
  }

  expect_failures = [terraform_data.checked]
}

run "quota" {
  command = plan

  variables {
    rules_quota = 20
    other_rules = 19
  }

  expect_failures = [terraform_data.checked]
}

run "quota_of_a_list" {
  command = plan

  variables {
    style     = "list"
    list_room = 31
  }

  expect_failures = [terraform_data.checked]
}

run "half_a_reference" {
  command = plan

  variables {
    style = "reference"
  }

  expect_failures = [terraform_data.checked]
}

run "name" {
  command = plan

  variables {
    name = "Mail"
  }

  expect_failures = [var.name]
}

run "no_port" {
  command = plan

  variables {
    ports = []
  }

  expect_failures = [var.ports]
}
