# Needs Terraform 1.7 or OpenTofu 1.8: no account is called.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  # The provider checks that what it is given are ARNs.
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/cloudsync" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:cloudsync" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:cloudsync" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:cloudsync" }
  }

  mock_resource "aws_cloudwatch_event_bus" {
    defaults = { arn = "arn:aws:events:eu-west-1:123456789012:event-bus/cloudsync-change" }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-west-1:123456789012:rule/cloudsync-change" }
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
    condition     = length(aws_lambda_function.change) + length(aws_cloudwatch_event_rule.change) + length(aws_cloudwatch_event_bus.fleet) == 0
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

  assert {
    condition     = length(aws_cloudwatch_event_target.fleet) == 1 && length(aws_cloudwatch_event_bus_policy.fleet) == 0
    error_message = "Other regions can't send what changed, or somebody else can."
  }
}

run "events_of_an_organization" {
  variables {
    events       = true
    events_under = "o-abcdefghij"
    organization = true
    member_roles = ["arn:aws:iam::111111111111:role/mail"]
  }

  assert {
    condition = alltrue([
      for one in data.aws_iam_policy_document.bus.statement[0].condition :
      one.test == "StringEquals" && one.variable == "aws:PrincipalOrgID" && one.values == tolist(["o-abcdefghij"])
    ]) && length(data.aws_iam_policy_document.bus.statement[0].condition) == 1 && length(aws_cloudwatch_event_bus_policy.fleet) == 1
    error_message = "Somebody else can put events on the bus, or nobody can."
  }

  assert {
    condition     = aws_cloudwatch_event_rule.fleet[0].event_bus_name == "cloudsync-change" && aws_cloudwatch_event_target.fleet[0].event_bus_name == "cloudsync-change" && aws_cloudwatch_event_target.fleet[0].arn == aws_lambda_function.change[0].arn
    error_message = "What arrives on the bus leads nowhere."
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.fleet[0].event_pattern).detail["$or"] == [
      { recipientAccountId = [{ "anything-but" = ["123456789012"] }] },
      { awsRegion = [{ "anything-but" = ["eu-west-1"] }] },
    ]
    error_message = "A change here is heard of twice, or one elsewhere isn't."
  }

  assert {
    condition     = aws_lambda_function.change[0].environment[0].variables["CLOUDSYNC_ACTORS"] == "${aws_iam_role.function.arn},arn:aws:iam::111111111111:role/mail,arn:aws:iam::*:role/cloudsync"
    error_message = "Its own changes come back to it."
  }

  assert {
    condition     = output.bus == aws_cloudwatch_event_bus.fleet[0].arn
    error_message = "Nobody learns where the bus is."
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
    events_under  = "123456789012"
    secrets       = { SMTP_PASSWORD = "hunter2" }
  }

  expect_failures = [var.change, var.every_minutes, var.name, var.intervals, var.architecture, var.secrets, var.events_under]
}
