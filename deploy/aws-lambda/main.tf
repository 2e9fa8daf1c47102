# The function, its schedule, what it may do, where its state is, and who hears when it fails or
# when no pass succeeds any more. The bundle is made by: python -m deploy.bundle build aws-lambda

data "aws_partition" "here" {}
data "aws_caller_identity" "here" {}
data "aws_region" "here" {}

locals {
  seconds = var.every_minutes * 60
  # Where the secrets are, and none of them: the function reads them when it begins.
  named = length(var.secrets) > 0 ? { CLOUDSYNC_SECRETS = jsonencode(var.secrets) } : {}
}

# ------------------------------------------------------------------------------ the function

resource "aws_lambda_function" "sweep" {
  function_name    = var.name
  description      = "One pass over every target: who can reach port 25"
  role             = aws_iam_role.function.arn
  filename         = var.bundle
  source_code_hash = filebase64sha256(var.bundle)
  handler          = "handler.sweep"
  runtime          = var.runtime
  architectures    = [var.architecture]
  memory_size      = var.memory
  timeout          = 900

  # A second pass would find the lease taken, and end with nothing done.
  reserved_concurrent_executions = 1

  environment {
    variables = merge({ CLOUDSYNC_CONFIG = "cloudsync.yaml" }, var.environment, local.named)
  }

  tracing_config {
    mode = "PassThrough"
  }

  depends_on = [aws_iam_role_policy.function, aws_cloudwatch_log_group.function]
}

resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = 90
}

# A pass that failed isn't tried again by Lambda: the next one goes on, and the failure is told of.
resource "aws_lambda_function_event_invoke_config" "sweep" {
  function_name                = aws_lambda_function.sweep.function_name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = max(60, local.seconds)

  destination_config {
    on_failure {
      destination = aws_sns_topic.failures.arn
    }
  }
}

# ------------------------------------------------------------------------------ the schedule

resource "aws_scheduler_schedule" "sweep" {
  name                         = var.name
  description                  = "Starts a pass every ${var.every_minutes} minutes"
  schedule_expression          = "rate(${var.every_minutes} ${var.every_minutes == 1 ? "minute" : "minutes"})"
  schedule_expression_timezone = "UTC"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.sweep.arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ pass = "scheduled" })

    retry_policy {
      maximum_retry_attempts       = 2
      maximum_event_age_in_seconds = max(60, local.seconds)
    }

    dead_letter_config {
      arn = aws_sqs_queue.lost.arn
    }
  }
}

resource "aws_sqs_queue" "lost" {
  name                      = "${var.name}-lost"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

# ------------------------------------------------------------------------------ the state

resource "aws_s3_bucket" "state" {
  bucket = "${var.name}-state-${data.aws_caller_identity.here.account_id}"
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    id     = "forget-old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }

  depends_on = [aws_s3_bucket_versioning.state]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket                  = aws_s3_bucket.state.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# ------------------------------------------------------------------------------ who hears of it

resource "aws_sns_topic" "failures" {
  name = "${var.name}-failures"
}

resource "aws_sns_topic_subscription" "failures" {
  for_each = var.tell

  topic_arn = aws_sns_topic.failures.arn
  protocol  = "email"
  endpoint  = each.value
}

# No success for so many intervals, whatever the reason: no schedule, no function, or each pass fails.
resource "aws_cloudwatch_metric_alarm" "silent" {
  alarm_name          = "${var.name}-silent"
  alarm_description   = "No pass of cloudsync succeeded for ${var.intervals} intervals: nobody knows who can reach port 25"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  evaluation_periods  = var.intervals
  datapoints_to_alarm = var.intervals
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.failures.arn]
  ok_actions          = [aws_sns_topic.failures.arn]

  metric_query {
    id          = "succeeded"
    expression  = "FILL(invocations, 0) - FILL(errors, 0)"
    label       = "passes that succeeded"
    return_data = true
  }

  metric_query {
    id = "invocations"

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      period      = local.seconds
      stat        = "Sum"
      dimensions  = { FunctionName = aws_lambda_function.sweep.function_name }
    }
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      period      = local.seconds
      stat        = "Sum"
      dimensions  = { FunctionName = aws_lambda_function.sweep.function_name }
    }
  }
}
