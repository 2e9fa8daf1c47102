# What the function may do: its own log, its own state, and what permissions/ says of the cloud.

locals {
  stored = {
    ReadItsSecrets    = { action = "secretsmanager:GetSecretValue", arns = [for arn in values(var.secrets) : arn if split(":", arn)[2] == "secretsmanager"] }
    ReadItsParameters = { action = "ssm:GetParameter", arns = [for arn in values(var.secrets) : arn if split(":", arn)[2] == "ssm"] }
    DecryptThem       = { action = "kms:Decrypt", arns = var.secret_keys }
  }
  secrets = [for sid, one in local.stored : merge(one, { sid = sid }) if length(one.arns) > 0]
}

data "aws_iam_policy_document" "lambda_may" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function" {
  name               = var.name
  description        = "Looks at who can reach port 25, and keeps it right where it may"
  assume_role_policy = data.aws_iam_policy_document.lambda_may.json
}

data "aws_iam_policy_document" "function" {
  statement {
    sid       = "WriteItsLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [for group in concat([aws_cloudwatch_log_group.function], aws_cloudwatch_log_group.change) : "${group.arn}:*"]
  }

  statement {
    sid       = "KeepItsState"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${aws_s3_bucket.state.arn}/*"]
  }

  # Without it, an object that isn't there is answered as forbidden.
  statement {
    sid       = "FindItsState"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.state.arn]
  }

  statement {
    sid       = "TellOfAFailure"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.failures.arn]
  }

  dynamic "statement" {
    for_each = local.secrets

    content {
      sid       = statement.value.sid
      actions   = [statement.value.action]
      resources = statement.value.arns
    }
  }

  dynamic "statement" {
    for_each = length(var.member_roles) > 0 ? [1] : []

    content {
      sid       = "TakeTheRolesOfOtherAccounts"
      actions   = ["sts:AssumeRole"]
      resources = var.member_roles
    }
  }
}

resource "aws_iam_role_policy" "function" {
  name   = "function"
  role   = aws_iam_role.function.id
  policy = data.aws_iam_policy_document.function.json
}

# The account that the function lives in, by the same files as every other account.
locals {
  chosen = merge(
    { watch = "watch.json" },
    var.change == "security-groups" ? { write = "write.json" } : {},
    var.change == "prefix-lists" ? { prefix-list = "prefix-list.json" } : {},
    var.organization ? { organization = "organization.json" } : {},
    var.trail ? { trail = "trail.json" } : {},
  )
}

resource "aws_iam_role_policy" "cloud" {
  for_each = local.chosen

  name = "cloudsync-${each.key}"
  role = aws_iam_role.function.id
  policy = replace(
    replace(
      jsonencode(jsondecode(file("${path.module}/permissions/${each.value}"))),
      "\"aws:ResourceTag/cloudsync\":\"smtp\"",
      "${jsonencode("aws:ResourceTag/${var.tag.key}")}:${jsonencode(var.tag.value)}",
    ),
    "\"arn:aws:",
    "\"arn:${data.aws_partition.here.partition}:",
  )
}

data "aws_iam_policy_document" "scheduler_may" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.here.account_id]
    }
  }
}

resource "aws_iam_role" "scheduler" {
  name               = "${var.name}-scheduler"
  description        = "Starts cloudsync's passes"
  assume_role_policy = data.aws_iam_policy_document.scheduler_may.json
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    sid       = "StartPasses"
    actions   = ["lambda:InvokeFunction"]
    resources = [aws_lambda_function.sweep.arn]
  }

  statement {
    sid       = "KeepWhatIsLost"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.lost.arn]
  }
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "scheduler"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.scheduler.json
}
