terraform {
  required_version = ">= 1.3"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.9"
    }
  }
}

provider "azurerm" {
  features {
    storage {
      # Whoever applies this may make the account, and has no role in it before it is there.
      data_plane_available = false
    }
  }

  subscription_id = var.subscription
  # The storage account takes no keys, from nobody.
  storage_use_azuread = true
}
