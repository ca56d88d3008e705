/** The response to `/register help`. */
export const helpText = [
  '*Registrar* asks the people who own a service to let your application use it.',
  '• `/register [service]` requests access, such as `/register payments`',
  '• `/registrations` lists your applications and their registrations',
  '• `/unregister` withdraws a request, or gives up access',
  'Home shows all of it, and the requests that you can decide.',
].join('\n');
