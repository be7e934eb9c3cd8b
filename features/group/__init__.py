"""What the groups of a customer tell: members, what they do added up, traits of the group."""
