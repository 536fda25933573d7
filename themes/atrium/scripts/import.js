// The import page and what a learner hands in: a file goes up in parts as soon as it is chosen.
import { enhance } from './upload.js';

document.querySelectorAll('[data-upload]').forEach(enhance);
