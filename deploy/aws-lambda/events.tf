# Changes that CloudTrail tells of, looked at within seconds. It needs a trail of management events in
# the region, and is off where var.events is false; the scheduled pass stays the truth. What other
# accounts and regions send is in bus.tf.

locals {
  # What may change who gets in: member-events.yaml of deploy/onboarding/aws sends the same.
  pattern = {
    source        = ["aws.ec2"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = ["ec2.amazonaws.com"]
      eventName = [
        "AuthorizeSecurityGroupIngress",
        "CreateSecurityGroup",
        "CreateTags",
        "DeleteSecurityGroup",
        "DeleteTags",
        "ModifyInstanceAttribute",
        "ModifyManagedPrefixList",
        "ModifyNetworkInterfaceAttribute",
        "ModifySecurityGroupRules",
        "RestoreManagedPrefixListVersion",
        "RevokeSecurityGroupIngress",
        "RunInstances",
        "UpdateSecurityGroupRuleDescriptionsIngress",
      ]
      errorCode = [{ exists = false }]
    }
  }
  # With an organization the role of organization.json in whatever account: which there are isn't known.
  anywhere = var.organization ? flatten([
    for one in jsondecode(file("${path.module}/permissions/organization.json")).Statement :
    replace(one.Resource, "arn:aws:", "arn:${data.aws_partition.here.partition}:") if contains(one.Action, "sts:AssumeRole")
  ]) : []
}

resource "aws_lambda_function" "change" {
  count = var.events ? 1 : 0

  function_name    = "${var.name}-change"
  description      = "A look at what a change of a security group concerns"
  role             = aws_iam_role.function.arn
  filename         = var.bundle
  source_code_hash = filebase64sha256(var.bundle)
  handler          = "handler.change"
  runtime          = var.runtime
  architectures    = [var.architecture]
  memory_size      = var.memory
  timeout          = 300

  # One look after the other: two at once would want one lease. Lambda keeps what has to wait.
  reserved_concurrent_executions = 1

  environment {
    variables = merge(
      { CLOUDSYNC_CONFIG = "cloudsync.yaml" },
      var.environment,
      local.named,
      # Its own changes are ignored by who made them.
      { CLOUDSYNC_ACTORS = join(",", concat([aws_iam_role.function.arn], var.member_roles, local.anywhere)) },
    )
  }
}

# What is older than an hour, a scheduled pass has seen.
resource "aws_lambda_function_event_invoke_config" "change" {
  count = var.events ? 1 : 0

  function_name                = aws_lambda_function.change[0].function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 3600
}

resource "aws_cloudwatch_log_group" "change" {
  count = var.events ? 1 : 0

  name              = "/aws/lambda/${var.name}-change"
  retention_in_days = 90
}

resource "aws_cloudwatch_event_rule" "change" {
  count = var.events ? 1 : 0

  name          = "${var.name}-change"
  description   = "What may change who gets in"
  event_pattern = jsonencode(local.pattern)
}

resource "aws_cloudwatch_event_target" "change" {
  count = var.events ? 1 : 0

  rule = aws_cloudwatch_event_rule.change[0].name
  arn  = aws_lambda_function.change[0].arn
}

resource "aws_lambda_permission" "change" {
  count = var.events ? 1 : 0

  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.change[0].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.change[0].arn
}
