# What is about no single finding: base images, licences, and what could not be
# checked. A stage may have no layer, and a package be in none that is known: a
# rule that read one would then say nothing.
package scan.image

# METADATA
# title: base-not-approved
# description: A stage is built on an image that is on none, or not on each, of the lists base.approved.
deny contains result if {
	some s in input.stages
	s.base.approved == false
	result := {
		"rule": "base-not-approved", "stage": s.name, "layer": object.get(s, ["layers", 0], null),
		"message": sprintf("%s is no approved base image", [s.base.ref]),
	}
}

# METADATA
# title: base-too-old
# description: The image is built on one that was made longer ago than base.max-age.
deny contains result if {
	some s in input.stages
	s.base.days > input.options.base.maxDays
	s.final
	result := {
		"rule": "base-too-old", "stage": s.name, "layer": object.get(s, ["layers", 0], null),
		"message": sprintf("%s is %v days old, at most %v are allowed", [s.base.ref, s.base.days, input.options.base.maxDays]),
	}
}

# METADATA
# title: base-of-unknown-age
# description: base.max-age is set, and the base image does not say when it was made.
warn contains result if {
	input.options.base.maxDays
	some s in input.stages
	s.final
	s.base
	not s.base.days
	result := {
		"rule": "base-of-unknown-age", "stage": s.name, "layer": object.get(s, ["layers", 0], null),
		"message": sprintf("%s does not say when it was made: base.max-age cannot be checked", [s.base.ref]),
	}
}

# METADATA
# title: license
# description: A package of the image has a licence that licenses.deny names, and offers no other.
deny contains result if {
	some p in input.packages
	p.deniedLicense
	p.final
	result := {
		"rule": "license", "stage": p.stage, "package": p.name, "version": p.version, "path": p.path, "layer": object.get(p, "layer", null),
		"message": sprintf("%s %s is under %s", [p.name, p.version, p.deniedLicense]),
	}
}

# METADATA
# title: not-fully-checked
# description: The database knows nothing of some packages, so that they were not matched.
warn contains {"rule": "not-fully-checked", "stage": s.name, "message": s.unknown[0]} if {
	some s in input.stages
	s.unknown
}

# METADATA
# title: unreadable
# description: A file could not be read as what it claims to be.
warn contains {"rule": "unreadable", "stage": s.name, "path": s.problems[0].path, "message": s.problems[0].message} if {
	some s in input.stages
	s.problems
}

# METADATA
# title: end-of-life
# description: The distribution's release is not maintained any more.
warn contains {"rule": "end-of-life", "stage": s.name, "message": sprintf("it reached its end of life on %s", [s.endOfLife])} if {
	some s in input.stages
	s.unmaintained
}

# METADATA
# title: exception-expired
# description: The last day of an exception is over, or an entry of accepted secrets.
warn contains {"rule": "exception-expired", "message": e} if some e in input.expired
