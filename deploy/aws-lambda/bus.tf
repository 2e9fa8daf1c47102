# The bus that other accounts, and other regions of this one, send their changes to, by what
# member-events.yaml of deploy/onboarding/aws makes there. An event comes to rest here: the one rule on
# this bus leads to the function, and nothing leads back to a bus.

resource "aws_cloudwatch_event_bus" "fleet" {
  count = var.events ? 1 : 0

  name = "${var.name}-change"
}

# Whoever puts something else on it has a place looked at, and no more: what an event says of a rule
# is never believed.
data "aws_iam_policy_document" "bus" {
  statement {
    sid       = "SendWhatChanged"
    actions   = ["events:PutEvents"]
    resources = [for bus in aws_cloudwatch_event_bus.fleet : bus.arn]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalOrgID"
      values   = [coalesce(var.events_under, "none")]
    }
  }
}

resource "aws_cloudwatch_event_bus_policy" "fleet" {
  count = var.events && var.events_under != null ? 1 : 0

  event_bus_name = aws_cloudwatch_event_bus.fleet[0].name
  policy         = data.aws_iam_policy_document.bus.json
}

resource "aws_cloudwatch_event_rule" "fleet" {
  count = var.events ? 1 : 0

  name           = "${var.name}-fleet"
  description    = "What may change who gets in, in another account or region"
  event_bus_name = aws_cloudwatch_event_bus.fleet[0].name

  # What is changed in this account's own region is heard of already.
  event_pattern = jsonencode(merge(local.pattern, {
    detail = merge(local.pattern.detail, {
      "$or" = [
        { recipientAccountId = [{ "anything-but" = [data.aws_caller_identity.here.account_id] }] },
        { awsRegion = [{ "anything-but" = [data.aws_region.here.id] }] },
      ]
    })
  }))
}

resource "aws_cloudwatch_event_target" "fleet" {
  count = var.events ? 1 : 0

  rule           = aws_cloudwatch_event_rule.fleet[0].name
  event_bus_name = aws_cloudwatch_event_bus.fleet[0].name
  arn            = aws_lambda_function.change[0].arn
}

resource "aws_lambda_permission" "fleet" {
  count = var.events ? 1 : 0

  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.change[0].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.fleet[0].arn
}
