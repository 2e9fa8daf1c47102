# Needs Terraform 1.7 or OpenTofu 1.8: no account is called.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  bundle = "tests/main.tftest.hcl"
}

run "watch" {
  command = plan

  assert {
    condition     = toset(keys(aws_iam_role_policy.cloud)) == toset(["watch"])
    error_message = "Something may be changed that nobody asked for."
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.cloud["watch"].policy).Statement :
      [for one in statement.Action : can(regex(":(Describe|Get|List)", one))]
    ]))
    error_message = "An identity that only looks could change something."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.silent.treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.silent.evaluation_periods == 3 && aws_lambda_function.sweep.reserved_concurrent_executions == 1
    error_message = "Silence isn't an alarm, or two passes run at once."
  }

  assert {
    condition     = length(aws_lambda_function.change) + length(aws_cloudwatch_event_rule.change) == 0
    error_message = "Events are listened to that nobody asked for."
  }
}

run "groups_of_another_tag_and_partition" {
  command = plan

  override_data {
    target = data.aws_partition.here
    values = { partition = "aws-cn" }
  }

  variables {
    change       = "security-groups"
    tag          = { key = "role", value = "mail" }
    organization = true
    trail        = true
  }

  assert {
    condition     = toset(keys(aws_iam_role_policy.cloud)) == toset(["watch", "write", "organization", "trail"])
    error_message = "It may do less or more than was asked for."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.cloud["write"].policy).Statement[0].Condition.StringEquals == { "aws:ResourceTag/role" = "mail" } && startswith(jsondecode(aws_iam_role_policy.cloud["write"].policy).Statement[0].Resource, "arn:aws-cn:")
    error_message = "Groups of another tag could be changed, or none."
  }
}

run "lists" {
  command = plan

  variables {
    change = "prefix-lists"
    events = true
    secrets = {
      SMTP_PASSWORD = "arn:aws:ssm:eu-west-1:123456789012:parameter/mail"
      TEAM_HOOK     = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hook-AbCdEf"
    }
    secret_keys = ["arn:aws:kms:eu-west-1:123456789012:key/1"]
  }

  assert {
    condition     = tomap(jsondecode(aws_lambda_function.sweep.environment[0].variables["CLOUDSYNC_SECRETS"])) == var.secrets && !contains(keys(aws_lambda_function.sweep.environment[0].variables), "SMTP_PASSWORD")
    error_message = "The function isn't told where its secrets are."
  }

  assert {
    condition = { for one in data.aws_iam_policy_document.function.statement : one.sid => one.resources if contains(["ReadItsSecrets", "ReadItsParameters", "DecryptThem"], one.sid) } == {
      ReadItsSecrets    = toset(["arn:aws:secretsmanager:eu-west-1:123456789012:secret:hook-AbCdEf"])
      ReadItsParameters = toset(["arn:aws:ssm:eu-west-1:123456789012:parameter/mail"])
      DecryptThem       = toset(["arn:aws:kms:eu-west-1:123456789012:key/1"])
    }
    error_message = "The function can't read its secrets, or reads others."
  }

  assert {
    condition     = toset(keys(aws_iam_role_policy.cloud)) == toset(["watch", "prefix-list"])
    error_message = "Whoever changes lists could change groups."
  }

  assert {
    condition     = length(aws_lambda_function.change) == 1 && length(aws_cloudwatch_event_target.change) == 1
    error_message = "Changes aren't heard of."
  }
}

run "nonsense" {
  command = plan

  variables {
    change        = "everything"
    every_minutes = 1000
    name          = "Cloudsync"
    intervals     = 1.5
    architecture  = "mips"
    secrets       = { SMTP_PASSWORD = "hunter2" }
  }

  expect_failures = [var.change, var.every_minutes, var.name, var.intervals, var.architecture, var.secrets]
}
