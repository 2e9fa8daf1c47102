variable "project" {
  description = "The project that the functions, their state and their alert live in."
  type        = string
}

variable "region" {
  description = "Where they run, such as europe-west1."
  type        = string
}

variable "bundle" {
  description = "The zip that python -m deploy.bundle build gcp-function made."
  type        = string
}

variable "name" {
  description = "What the functions, their accounts and their alert are called."
  type        = string
  default     = "cloudsync"

  validation {
    # A service account's name has 6 to 30, and -builder is behind it.
    condition     = can(regex("^[a-z][a-z0-9-]{4,20}[a-z0-9]$", var.name))
    error_message = "A name has 6 to 22 small letters, digits and hyphens, and begins with a letter."
  }
}

variable "runtime" {
  description = "The Python that the platform runs; the bundle is installed by it."
  type        = string
  default     = "python313"
}

variable "memory" {
  description = "Memory of a function; the share of a processor grows with it."
  type        = string
  default     = "512Mi"
}

variable "every_minutes" {
  description = "Minutes between two passes."
  type        = number
  default     = 10

  validation {
    condition     = contains([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60], var.every_minutes)
    error_message = "Give a number of minutes that divides an hour: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60."
  }
}

variable "intervals" {
  description = "After how many intervals without a success the alert goes off."
  type        = number
  default     = 3

  validation {
    condition     = var.intervals >= 1 && var.intervals <= 6 && floor(var.intervals) == var.intervals
    error_message = "Give 1 to 6."
  }
}

variable "timeout" {
  description = "Seconds that a pass may take."
  type        = number
  default     = 540

  validation {
    # Cloud Scheduler waits no longer than half an hour for an answer.
    condition     = var.timeout >= 60 && var.timeout <= 1800
    error_message = "Give 60 to 1800 seconds."
  }
}

variable "change" {
  description = "What may be changed: nothing, firewalls, or network-policies (of kind network-policy)."
  type        = string
  default     = "nothing"

  validation {
    condition     = contains(["nothing", "firewalls", "network-policies"], var.change)
    error_message = "Say nothing, firewalls or network-policies."
  }
}

variable "projects" {
  description = "Projects that are looked at; empty where deploy/onboarding/gcp let it into a whole folder or organization."
  type        = set(string)
}

variable "tell" {
  description = "Mail addresses that hear of silence."
  type        = set(string)
  default     = []
}

variable "environment" {
  description = "More variables of the functions. No secret: those go into secrets."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Variables of the functions that stand in Secret Manager: the secret's name, and which version."
  type        = map(object({ secret = string, version = optional(string, "latest") }))
  default     = {}
}

variable "events" {
  description = "Whether changes that the audit log tells of are looked at within seconds."
  type        = bool
  default     = false
}

variable "events_under" {
  description = "Where the audit log is listened to instead of in projects: folders/NUMBER or organizations/NUMBER, with everything below."
  type        = string
  default     = null

  validation {
    condition     = var.events_under == null || can(regex("^(folders|organizations)/[0-9]+$", var.events_under))
    error_message = "Write folders/NUMBER or organizations/NUMBER."
  }
}
