/** Everything that a person can read, rendered by the views themselves: a title for each, and the message, view or text. */
import type { HomeView, ModalView } from '@slack/types';
import type { Message } from '../../src/views/message.ts';
import type { Facts } from './facts.ts';
import { applicationScenes } from './scenes/application.ts';
import { channelScenes } from './scenes/channel.ts';
import { homeScenes } from './scenes/home.ts';
import { keyScenes } from './scenes/keys.ts';
import { registrationScenes } from './scenes/registration.ts';
import { requestScenes } from './scenes/request.ts';
import { serviceScenes } from './scenes/service.ts';
import { wordScenes } from './scenes/words.ts';

export type Shown = Message | ModalView | HomeView | object | string;
export type Scene = [title: string, shown: Shown];

export const scenes = (facts: Facts): Scene[] => [
  ...requestScenes(facts),
  ...registrationScenes(facts),
  ...keyScenes(facts),
  ...homeScenes(facts),
  ...applicationScenes(facts),
  ...serviceScenes(facts),
  ...channelScenes(facts),
  ...wordScenes(facts),
];
