//go:build tools

// Package tools names the commands that are built, so that go.sum covers what they need.
package tools

import _ "sigs.k8s.io/kwok/cmd/kwok"
