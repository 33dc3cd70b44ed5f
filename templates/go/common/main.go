// The program of the plugin: it serves the driver on the socket that config.json names.
package main

import (
	"log"
	"os"
)

func main() {
	path := os.Getenv("PLUGIN_SOCKET")
	if path == "" {
		path = "/run/docker/plugins/__NAME__.sock"
	}
	driver, err := openDriver()
	if err == nil {
		err = serve(path, driver)
	}
	if err != nil {
		log.Fatal(err)
	}
}
