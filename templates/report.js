(function () {
  'use strict';
  var form = document.getElementById('filters');
  var text = document.getElementById('text');
  var shown = document.getElementById('shown');
  var items = Array.prototype.slice.call(document.querySelectorAll('.item'));
  var words = null;
  function apply() {
    if (!words) words = items.map(function (item) { return item.textContent.toLowerCase(); });
    var wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    var severities = {};
    form.querySelectorAll('input[name=severity]').forEach(function (box) { severities[box.value] = box.checked; });
    var count = 0;
    items.forEach(function (item, at) {
      var fits = severities[item.dataset.severity] && wanted.every(function (word) { return words[at].indexOf(word) >= 0; });
      item.hidden = !fits;
      if (fits) count += 1;
    });
    shown.textContent = count + ' of ' + items.length + ' shown';
  }
  form.hidden = false;
  form.addEventListener('input', apply);
  form.addEventListener('submit', function (event) { event.preventDefault(); });
  function reveal() {
    var item = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (item && item.tagName === 'DETAILS') { item.hidden = false; item.open = true; item.scrollIntoView(); }
  }
  window.addEventListener('hashchange', reveal);
  reveal();
  window.addEventListener('beforeprint', function () { items.forEach(function (item) { item.open = true; }); });
  if (navigator.clipboard) {
    document.addEventListener('toggle', function (event) {
      var item = event.target;
      if (!item.open || item.dataset.ready) return;
      item.dataset.ready = '1';
      item.querySelectorAll('pre.curl').forEach(function (pre) {
        var button = document.createElement('button');
        button.type = 'button';
        button.textContent = 'Copy';
        button.addEventListener('click', function () {
          navigator.clipboard.writeText(pre.textContent).then(function () { button.textContent = 'Copied'; });
        });
        pre.after(button);
      });
    }, true);
  }
}());
