package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// allows asks as the engine does.
func allows(t *testing.T, method, uri, body string) bool {
	t.Helper()
	encoded := base64.StdEncoding.EncodeToString([]byte(body))
	request := fmt.Sprintf(`{"RequestMethod":%q,"RequestUri":%q,"RequestBody":%q}`, method, uri, encoded)
	recorder := httptest.NewRecorder()
	newHandler(policy{}).ServeHTTP(recorder, httptest.NewRequest("POST", "/AuthZPlugin.AuthZReq", strings.NewReader(request)))
	var answer decision
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Allow
}

func TestPrivilegedContainersAreRefused(t *testing.T) {
	const uri = "/v1.41/containers/create?name=web"
	if allows(t, "POST", uri, `{"HostConfig":{"Privileged":true}}`) {
		t.Error("privileged")
	}
	if allows(t, "POST", uri, `{"hostconfig":{"PRIVILEGED":true}}`) {
		t.Error("privileged, in another letter case")
	}
	if allows(t, "POST", uri, "") {
		t.Error("without a body")
	}
	if !allows(t, "POST", uri, `{"HostConfig":{}}`) {
		t.Error("not privileged")
	}
}

func TestReadingIsAllowed(t *testing.T) {
	if !allows(t, "GET", "/v1.41/containers/json", "") {
		t.Error("refused")
	}
}

func TestConfigNamesWhatThePluginServes(t *testing.T) {
	text, err := os.ReadFile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	var config struct{ Interface struct{ Types []string } }
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	if config.Interface.Types[0] != "docker."+(policy{}).kind()+"/1.0" {
		t.Error(config.Interface.Types)
	}
}
