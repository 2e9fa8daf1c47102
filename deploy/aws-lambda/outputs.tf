output "state" {
  description = "What state: in cloudsync.yaml has to be."
  value       = "s3://${aws_s3_bucket.state.id}/${var.name}"
}

output "role_arn" {
  description = "Who the function is: the one that other accounts' roles trust."
  value       = aws_iam_role.function.arn
}

output "failures" {
  description = "The topic that hears of failures and of silence."
  value       = aws_sns_topic.failures.arn
}

output "bus" {
  description = "Where other accounts and regions send their changes: bus of deploy/onboarding/aws. Null without events."
  value       = one(aws_cloudwatch_event_bus.fleet[*].arn)
}
