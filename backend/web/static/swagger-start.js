// Starts Swagger UI on the page's own description. Without `validatorUrl: null` it would ask another host.
SwaggerUIBundle({
  url: document.getElementById("swagger-ui").dataset.spec,
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
