# Needs Terraform 1.7 or OpenTofu 1.8: no project is called.

mock_provider "google" {}

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
  name        = "mail"
  network     = "default"
  target_tags = ["smtp"]
}

run "rules" {
  command = plan

  assert {
    condition     = google_compute_firewall.allow["ipv4-1"].source_ranges == toset(["192.0.2.1/32", "198.51.100.0/24"]) && google_compute_firewall.allow["ipv6-1"].source_ranges == toset(["2001:db8::/32"])
    error_message = "It isn't one rule a family."
  }

  assert {
    condition = alltrue([
      for one in values(google_compute_firewall.allow) :
      one.direction == "INGRESS" && one.allow == toset([{ protocol = "tcp", ports = tolist(["25"]) }]) && one.description == "cloudsync-terraform/mail" && one.target_tags == toset(["smtp"])
    ])
    error_message = "A rule isn't for port 25 alone, lacks the mark, or protects something else."
  }

  assert {
    condition     = length(google_compute_firewall.allow) == 4 && length(google_compute_firewall.deny) == 0
    error_message = "Probes are let in, and nothing is closed, unless it is asked for."
  }
}

run "closed" {
  command = plan

  variables {
    deny = true
  }

  assert {
    condition     = toset(flatten([for one in values(google_compute_firewall.deny) : tolist(one.source_ranges)])) == toset(["0.0.0.0/0", "::/0"])
    error_message = "The deny isn't for both families."
  }

  assert {
    condition     = alltrue([for one in values(google_compute_firewall.allow) : one.priority < google_compute_firewall.deny["ipv4-deny"].priority])
    error_message = "An allow stands behind the deny, or ties with it and loses."
  }
}

run "policy" {
  command = plan

  variables {
    network         = null
    target_tags     = null
    firewall_policy = "mail"
    deny            = true
  }

  assert {
    condition     = google_compute_network_firewall_policy_rule.allow["ipv4-1"].match[0].src_ip_ranges == tolist(["192.0.2.1/32", "198.51.100.0/24"]) && google_compute_network_firewall_policy_rule.allow["ipv4-1"].action == "allow"
    error_message = "The policy's rule names something else."
  }

  assert {
    condition = length(distinct([
      for one in concat(values(google_compute_network_firewall_policy_rule.allow), values(google_compute_network_firewall_policy_rule.deny)) : one.priority
    ])) == 6
    error_message = "Two rules of the policy have one number."
  }

  assert {
    condition     = length(google_compute_firewall.allow) == 0
    error_message = "A rule of a network is made as well."
  }
}

run "neither" {
  command = plan

  variables {
    network = null
  }

  expect_failures = [terraform_data.checked]
}

run "tags_in_a_policy" {
  command = plan

  variables {
    network         = null
    firewall_policy = "mail"
  }

  expect_failures = [terraform_data.checked]
}

run "probes_stopped" {
  command = plan

  variables {
    deny   = true
    probes = false
  }

  expect_failures = [terraform_data.checked]
}

run "a_tie" {
  command = plan

  variables {
    priorities = { allow = 1000, deny = 1000 }
  }

  expect_failures = [var.priorities]
}
