output "role_arn" {
  description = "The role that cloudsync takes."
  value       = aws_iam_role.cloudsync.arn
}
