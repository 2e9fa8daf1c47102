# Needs Terraform 1.7 or OpenTofu 1.8: no organization is called.

mock_provider "aws" {}

variables {
  trusted     = "arn:aws:iam::123456789012:role/cloudsync"
  external_id = "mail-prod"
  units       = ["ou-abcd-12345678", "r-abcd"]
  region      = "eu-west-1"
}

run "watch" {
  command = plan

  assert {
    condition     = aws_cloudformation_stack_set.member_role.parameters["Change"] == "nothing" && aws_cloudformation_stack_set.member_role.parameters["Trusted"] == var.trusted
    error_message = "It changes something, or trusts somebody else."
  }

  assert {
    condition     = aws_cloudformation_stack_set.member_role.auto_deployment[0].enabled && length(aws_cloudformation_stack_set_instance.units) == 2
    error_message = "An account that joins later gets no role, or a unit is left out."
  }

  assert {
    condition     = length(aws_cloudformation_stack_set.member_events) + length(aws_cloudformation_stack_set_instance.events) == 0
    error_message = "Events are sent that nobody asked for."
  }
}

run "events_of_two_regions" {
  command = plan

  variables {
    bus           = "arn:aws:events:eu-west-1:123456789012:event-bus/cloudsync-change"
    event_regions = ["eu-west-1", "us-east-1"]
  }

  assert {
    condition     = toset([for one in aws_cloudformation_stack_set_instance.events : "${one.deployment_targets[0].organizational_unit_ids == toset(["r-abcd"]) ? "root" : "unit"} ${one.region}"]) == toset(["root eu-west-1", "root us-east-1", "unit eu-west-1", "unit us-east-1"])
    error_message = "A region of a unit isn't heard of."
  }

  assert {
    condition     = aws_cloudformation_stack_set.member_events[0].parameters["Bus"] == var.bus && aws_cloudformation_stack_set.member_events[0].auto_deployment[0].enabled
    error_message = "Events go elsewhere, or an account that joins later sends none."
  }
}

run "a_bus_and_no_region" {
  command = plan

  variables {
    bus = "arn:aws:events:eu-west-1:123456789012:event-bus/cloudsync-change"
  }

  expect_failures = [aws_cloudformation_stack_set.member_events]
}

run "nonsense" {
  command = plan

  variables {
    trusted = "arn:aws:iam::123456789012:root"
    units   = ["123456789012"]
    change  = "everything"
    bus     = "cloudsync-change"
  }

  expect_failures = [var.trusted, var.units, var.change, var.bus]
}
