/** The button that opens the form: on top of Home, and at each service of the catalog, where its value is the public id. */
export const registerButton = 'register';
