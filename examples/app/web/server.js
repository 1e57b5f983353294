const express = require("express");
const _ = require("lodash");
const argv = require("minimist")(process.argv.slice(2), { default: { port: 8080 } });

const app = express();
app.get("/", (req, res) => res.send(_.template("Hello <%- name %>")({ name: req.query.name || "shop" })));
app.listen(argv.port);
