# Whatever list the module carries: what is asserted holds for each.

variables {
  accept_bundled = "2009-09-18"
}

run "listed" {
  command = plan

  assert {
    condition     = length(output.ipv4) + length(output.ipv6) > 0
    error_message = "Nobody is let in."
  }

  assert {
    condition     = alltrue([for one in concat(output.ipv4, output.ipv6) : cidrsubnet(one, 0, 0) == one])
    error_message = "A network isn't in canonical form, and would be planned for ever."
  }
}

run "wider" {
  command = plan

  variables {
    widen = "24"
  }

  assert {
    condition     = alltrue([for one in output.ipv4 : tonumber(split("/", one)[1]) <= 24])
    error_message = "A network is narrower than /24."
  }
}

run "additional" {
  command = plan

  variables {
    additional_networks = ["192.0.2.0/24", "192.0.2.128/25", "2001:db8::/32"]
  }

  assert {
    condition     = contains(output.ipv4, "192.0.2.0/24") && contains(output.ipv6, "2001:db8::/32")
    error_message = "An additional network isn't let in."
  }

  assert {
    condition     = !contains(output.ipv4, "192.0.2.128/25")
    error_message = "A network that another contains takes a rule of its own."
  }
}

run "host_bits" {
  command = plan

  variables {
    additional_networks = ["192.0.2.1/24"]
  }

  expect_failures = [var.additional_networks]
}

run "everybody" {
  command = plan

  variables {
    additional_networks = ["0.0.0.0/0"]
  }

  expect_failures = [var.additional_networks]
}

run "unheard_of" {
  command = plan

  variables {
    widen = "16"
  }

  expect_failures = [var.widen]
}

run "no_duration" {
  command = plan

  variables {
    warn_after = "30 days"
  }

  expect_failures = [var.warn_after]
}
