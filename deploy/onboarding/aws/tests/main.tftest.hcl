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
}

run "nonsense" {
  command = plan

  variables {
    trusted = "arn:aws:iam::123456789012:root"
    units   = ["123456789012"]
    change  = "everything"
  }

  expect_failures = [var.trusted, var.units, var.change]
}
