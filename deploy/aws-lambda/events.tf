# Changes that CloudTrail tells of, looked at within seconds. It needs a trail of management events in
# the region, and is off where var.events is false; the scheduled pass stays the truth.

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

  environment {
    variables = merge(
      { CLOUDSYNC_CONFIG = "cloudsync.yaml" },
      var.environment,
      local.named,
      { CLOUDSYNC_ACTORS = join(",", concat([aws_iam_role.function.arn], var.member_roles)) },
    )
  }
}

resource "aws_cloudwatch_log_group" "change" {
  count = var.events ? 1 : 0

  name              = "/aws/lambda/${var.name}-change"
  retention_in_days = 90
}

resource "aws_cloudwatch_event_rule" "change" {
  count = var.events ? 1 : 0

  name        = "${var.name}-change"
  description = "What may change who gets in"
  event_pattern = jsonencode({
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
  })
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
