package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// post calls the plugin as an engine does.
func post(t *testing.T, v *volumes, name string, request string) (int, string) {
	t.Helper()
	recorder := httptest.NewRecorder()
	newHandler(v).ServeHTTP(recorder, httptest.NewRequest("POST", "/VolumeDriver."+name, strings.NewReader(request)))
	return recorder.Code, strings.TrimSpace(recorder.Body.String())
}

func open(t *testing.T, root string) *volumes {
	t.Helper()
	v, err := openVolumes(root)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVolumesAreCreatedListedAndRemoved(t *testing.T) {
	v := open(t, t.TempDir())
	post(t, v, "Create", `{"Name":"data"}`)
	if _, list := post(t, v, "List", `{}`); !strings.Contains(list, `"Name":"data"`) {
		t.Error(list)
	}
	post(t, v, "Remove", `{"Name":"data"}`)
	if _, list := post(t, v, "List", `{}`); list != `{"Volumes":[]}` {
		t.Error(list)
	}
}

func TestMountsAreCountedByIDAlsoAfterARestart(t *testing.T) {
	root := t.TempDir()
	v := open(t, root)
	post(t, v, "Create", `{"Name":"data"}`)
	post(t, v, "Mount", `{"Name":"data","ID":"a"}`)
	v = open(t, root)
	if status, text := post(t, v, "Remove", `{"Name":"data"}`); status != 500 || !strings.Contains(text, "in use") {
		t.Error(status, text)
	}
	post(t, v, "Unmount", `{"Name":"data","ID":"a"}`)
	post(t, v, "Unmount", `{"Name":"data","ID":"a"}`)
	if status, text := post(t, v, "Remove", `{"Name":"data"}`); status != 200 {
		t.Error(status, text)
	}
}

func TestNamesDoNotLeaveTheRoot(t *testing.T) {
	if status, text := post(t, open(t, t.TempDir()), "Create", `{"Name":"../etc"}`); status != 500 {
		t.Error(status, text)
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
	if want := "docker." + strings.ToLower((&volumes{}).kind()) + "/1.0"; config.Interface.Types[0] != want {
		t.Error(config.Interface.Types)
	}
}
