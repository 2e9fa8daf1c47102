# One stack set: every account of the units, those that join later too, gets the role that cloudsync
# takes. The template is providers/aws/permissions/cloudformation/member-role.yaml.

resource "aws_cloudformation_stack_set" "member_role" {
  name             = "${var.role}-member-role"
  description      = "The role that cloudsync takes in each account"
  permission_model = "SERVICE_MANAGED"
  call_as          = var.delegated ? "DELEGATED_ADMIN" : "SELF"
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_body    = file("${path.module}/member-role.yaml")

  parameters = {
    Trusted    = var.trusted
    ExternalId = var.external_id
    RoleName   = var.role
    Change     = var.change
    Trail      = var.trail ? "yes" : "no"
  }

  # An account that leaves the units loses the role.
  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }

  operation_preferences {
    failure_tolerance_percentage = 10
    max_concurrent_percentage    = 25
  }

  lifecycle {
    # The service fills it in itself.
    ignore_changes = [administration_role_arn]
  }
}

resource "aws_cloudformation_stack_set_instance" "units" {
  for_each = var.units

  stack_set_name = aws_cloudformation_stack_set.member_role.name
  region         = var.region
  call_as        = var.delegated ? "DELEGATED_ADMIN" : "SELF"

  deployment_targets {
    organizational_unit_ids = [each.value]
  }
}

output "role" {
  description = "What role: is in cloudsync's configuration."
  value       = var.role
}
