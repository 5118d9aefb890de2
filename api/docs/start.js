window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelsExpandDepth: -1, // what they hold is shown where it is used
  showExtensions: true,
  showCommonExtensions: true,
  validatorUrl: null // which would show the document to someone else
});
