variable "subscription" {
  description = "Id of the subscription that the function, its state and its alert live in."
  type        = string
}

variable "location" {
  description = "Where they are, such as westeurope."
  type        = string
}

variable "bundle" {
  description = "The zip that python -m deploy.bundle build azure-function made."
  type        = string
}

variable "suffix" {
  description = "Small letters and digits behind the names that all of Azure shares: the app's and the storage account's."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{1,12}$", var.suffix))
    error_message = "A suffix has 1 to 12 small letters and digits."
  }
}

variable "name" {
  description = "What the group, the app, its identity and its alert are called."
  type        = string
  default     = "cloudsync"

  validation {
    # With the suffix it is a storage account's name, which holds 24 and no hyphen.
    condition     = can(regex("^[a-z][a-z0-9]{2,11}$", var.name))
    error_message = "A name has 3 to 12 small letters and digits, and begins with a letter."
  }
}

variable "python" {
  description = "The Python that the bundle was built by: its byte code is for no other."
  type        = string
  default     = "3.13"
}

variable "plan" {
  description = "The App Service plan's size; the smallest that is always on is B1."
  type        = string
  default     = "B1"

  validation {
    condition     = !contains(["Y1", "FC1"], var.plan)
    error_message = "Y1 knows no newer Python, and FC1 is another resource of Terraform's: see README.md."
  }
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

variable "timeout_minutes" {
  description = "Minutes that a pass may take."
  type        = number
  default     = 10

  validation {
    condition     = var.timeout_minutes >= 1 && var.timeout_minutes <= 59 && floor(var.timeout_minutes) == var.timeout_minutes
    error_message = "Give 1 to 59."
  }
}

variable "change" {
  description = "What may be changed: nothing, or rules of network security groups."
  type        = string
  default     = "nothing"

  validation {
    condition     = contains(["nothing", "rules"], var.change)
    error_message = "Say nothing or rules."
  }
}

variable "subscriptions" {
  description = "Ids of the subscriptions that are looked at; empty where deploy/onboarding/azure let it into a management group."
  type        = set(string)
}

variable "tell" {
  description = "Mail addresses that hear of silence."
  type        = set(string)
  default     = []
}

variable "environment" {
  description = "More settings of the app. No secret: those go into secrets."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Settings of the app that stand in a Key Vault: the vault's resource id (it uses roles), and the secret's name."
  type        = map(object({ vault_id = string, secret = string }))
  default     = {}
}

variable "events" {
  description = "Whether changes that Event Grid tells of are looked at within seconds. The app has to run already."
  type        = bool
  default     = false
}

variable "events_under" {
  description = "Name (id) of the management group whose subscriptions' changes are heard of; null for those of subscriptions."
  type        = string
  default     = null

  validation {
    condition     = var.events_under == null || can(regex("^[A-Za-z0-9_().-]{1,90}$", var.events_under))
    error_message = "Give the name alone, as az account management-group list shows it."
  }
}
