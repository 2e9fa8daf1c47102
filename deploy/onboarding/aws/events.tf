# A second stack set, where var.bus says so: what changes in each of these regions of every account is
# sent to the bus that cloudsync listens to.

resource "aws_cloudformation_stack_set" "member_events" {
  count = var.bus == null ? 0 : 1

  name             = "${var.role}-member-events"
  description      = "Sends changes of security groups and prefix lists to cloudsync"
  permission_model = "SERVICE_MANAGED"
  call_as          = var.delegated ? "DELEGATED_ADMIN" : "SELF"
  capabilities     = ["CAPABILITY_IAM"]
  template_body    = file("${path.module}/member-events.yaml")
  parameters       = { Bus = var.bus }

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }

  # One operation after the other, of the many that the instances below are.
  managed_execution {
    active = true
  }

  operation_preferences {
    failure_tolerance_percentage = 10
    max_concurrent_percentage    = 25
    region_concurrency_type      = "PARALLEL"
  }

  lifecycle {
    # The service fills it in itself.
    ignore_changes = [administration_role_arn]

    precondition {
      condition     = length(var.event_regions) > 0
      error_message = "A bus is given, and event_regions are none: nothing would be sent to it."
    }
  }
}

resource "aws_cloudformation_stack_set_instance" "events" {
  for_each = { for pair in setproduct(var.units, var.bus == null ? [] : var.event_regions) : join("/", pair) => pair }

  stack_set_name = aws_cloudformation_stack_set.member_events[0].name
  region         = each.value[1]
  call_as        = var.delegated ? "DELEGATED_ADMIN" : "SELF"

  deployment_targets {
    organizational_unit_ids = [each.value[0]]
  }
}
