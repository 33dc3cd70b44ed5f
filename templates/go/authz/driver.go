package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// policy decides on requests to the engine's API: everyone may read, and no one may make privileged containers.
type policy struct{}

type authorizationRequest struct {
	RequestMethod string
	RequestUri    string
	// Base64 in JSON.
	RequestBody []byte
}

type decision struct {
	Allow bool
	Msg   string `json:",omitempty"`
	Err   string `json:",omitempty"`
}

var version = regexp.MustCompile(`^/v[0-9.]+/`)

func openDriver() (driver, error) { return policy{}, nil }

func (policy) kind() string { return "authz" }

// Everything that is no decision denies.
func (policy) failure(message string) any { return decision{Msg: message, Err: message} }

func (p policy) calls() map[string]call {
	return map[string]call{
		"/AuthZPlugin.AuthZReq": p.decide,
		"/AuthZPlugin.AuthZRes": func([]byte) (any, error) { return decision{Allow: true}, nil },
	}
}

func (policy) decide(body []byte) (any, error) {
	var request authorizationRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	path := version.ReplaceAllString(strings.SplitN(request.RequestUri, "?", 2)[0], "/")
	if request.RequestMethod != "POST" || path != "/containers/create" {
		return decision{Allow: true}, nil
	}
	// Engines show bodies up to a size only: what cannot be judged is refused.
	if len(request.RequestBody) == 0 {
		return decision{Msg: "a container cannot be made without its config being shown"}, nil
	}
	// Read as the engine does: in any letter case, and the whole body must be one value.
	var config struct{ HostConfig struct{ Privileged bool } }
	decoder := json.NewDecoder(bytes.NewReader(request.RequestBody))
	if err := decoder.Decode(&config); err != nil {
		return nil, fmt.Errorf("the body of the API request is not JSON: %w", err)
	}
	if config.HostConfig.Privileged {
		return decision{Msg: "privileged containers are forbidden on this host"}, nil
	}
	return decision{Allow: true}, nil
}
